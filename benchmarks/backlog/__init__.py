"""What a queue that is long, full of duplicates or holds a huge message costs Redis and us."""
