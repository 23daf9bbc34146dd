"""The HTTP API: jobs that outlive the server, in the run store. Needs the extra `quota-opt[web]`."""
