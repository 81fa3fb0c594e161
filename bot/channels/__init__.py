"""The channels. A new one is one module with a pen, and one line in `PENS`."""

from collections.abc import Mapping

from bot.channels.sms import SmsPen
from bot.channels.whatsapp import WhatsAppPen
from bot.drawing import Pen
from bot.inbound import Channel

PENS: Mapping[Channel, Pen] = {Channel.SMS: SmsPen(), Channel.WHATSAPP: WhatsAppPen()}
