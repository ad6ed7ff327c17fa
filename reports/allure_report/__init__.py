"""The Allure report: results made from the record of a run, and one page that makes no network call.

`results` writes the folder that Allure reads, in the words of `wording`; `html` has `node` render the page as
`configuration` lays it out, with the earlier runs that `history` keeps. `scenario` is for whoever asks
allure-pytest itself for results.
"""
