"""The Allure report: results written while scenarios run, completed when the run has ended, and the page.

`listener` and `scenario` write Allure results in the processes that carry scenarios out. `complete` adds what
only the end of the run knows. `html` renders one file that makes no network call.
"""
