"""What rsync means: words, options, requests. Knows no policy and does no I/O."""
