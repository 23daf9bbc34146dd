"""Reports for people: one value per figure, one gatherer of facts, one catalogue of words; html, xlsx and terminal."""
