from gitstars.__main__ import main

main()
