"""gitstars collects the stargazers of every repository that an account starred.

account in SurrealDB -> discover -> dispatch -> execute -> fetch -> store -> stars, users, progress
in SurrealDB
                        (watch)     (queue,     (workers)  (GitHub)   ^
                                     routing)                         '- supervise watches all of
                                     it; web and cli show it
"""

__version__ = "0.2.0"
