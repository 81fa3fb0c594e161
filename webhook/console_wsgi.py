"""The console as each worker of its server builds it: from the environment, once."""

import os

from webhook.console.app import create_console
from webhook.server import end_with_parent, preloaded
from webhook.settings import read_settings

end_with_parent()
app = create_console(read_settings(os.environ), preloaded=preloaded())
