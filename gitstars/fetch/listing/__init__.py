"""Lists of stargazers: what to ask next, when a list has ended, and its resume cursor."""
