"""Reading: QuerySets in, frozen page values out, a fixed number of queries each."""
