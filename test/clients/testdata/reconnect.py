# Stays connected while berthd is killed: prints that the connection closed, and what a new one finds.
import sys
import threading
import time

import libvirt

libvirt.registerErrorHandler(lambda context, error: None, None)
libvirt.virEventRegisterDefaultImpl()


def loop():
    while True:
        libvirt.virEventRunDefaultImpl()


threading.Thread(target=loop, daemon=True).start()
closed = threading.Event()
reasons = {libvirt.VIR_CONNECT_CLOSE_REASON_ERROR: "error", libvirt.VIR_CONNECT_CLOSE_REASON_EOF: "end of file"}


def hear(conn, reason, opaque):
    print("closed:", reasons.get(reason, reason), flush=True)
    closed.set()


conn = libvirt.open("lxc:///system")
conn.registerCloseCallback(hear, None)
dom = conn.lookupByName(sys.argv[1])
before = dom.ID()
print("connected", flush=True)
if not closed.wait(20):
    sys.exit("nothing was closed")
try:
    dom.info()
    print("the old connection goes on")
except libvirt.libvirtError as err:
    print("the old connection: error %d of %d" % (err.get_error_code(), err.get_error_domain()))
conn = libvirt.open("lxc:///system")
dom = conn.lookupByName(sys.argv[1])
print("a new one: state %s, the same process %s" % (dom.state(), dom.ID() == before))
