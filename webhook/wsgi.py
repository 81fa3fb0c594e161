"""The app as each worker of the server builds it: from the environment, once."""

import os

from webhook.app import create_app
from webhook.server import end_with_parent, preloaded
from webhook.settings import read_settings

end_with_parent()
app = create_app(read_settings(os.environ), preloaded=preloaded())
