"""The test cases: Gherkin feature files, a folder per source requirement."""
