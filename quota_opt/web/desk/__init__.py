"""What the page can do, without a page: state in the run store, work in threads and processes."""
