"""The demo's data and models: synthetic support tickets and the recipe of two tiny routers.

`tickets` makes the rows out of the wording in `phrases`, with the standard library alone.
`train` makes the files in `models/`, with `lessons`, `router`, `export` and `card`; these need the
extra `train` and nothing else imports them. What the demo does with rows and models is not
decided here.
"""
