# Prints what assistive programs read on the screen, an element a line.
import json

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi


def walk(element, depth):
    if element is None or depth > 30:
        return
    if element.get_name():
        print("%s: %s" % (element.get_role_name(), json.dumps(element.get_name())))
    for i in range(element.get_child_count()):
        walk(element.get_child_at_index(i), depth + 1)


Atspi.init()
walk(Atspi.get_desktop(0), 0)
