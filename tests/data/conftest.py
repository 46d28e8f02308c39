"""That pytest puts this folder on the path, where the tests of official/ find record_files."""
