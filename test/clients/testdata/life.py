# A container's life by python3-libvirt: what each call returns, in order, and the events that came.
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
conn = libvirt.open("lxc:///system")
events = []
conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                            lambda c, d, event, detail, o: events.append("%s lifecycle %d/%d id %s" % (d.name(), event, detail, "yes" if d.ID() > 0 else "none")), None)
conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_REBOOT,
                            lambda c, d, o: events.append("%s reboot" % d.name()), None)
conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE,
                            lambda c, d, kind, uri, o: events.append("%s metadata %d %s" % (d.name(), kind, uri)), None)


def show(what, call):
    try:
        answer = call()
    except libvirt.libvirtError as err:
        answer = "error %d of %d: %s" % (err.get_error_code(), err.get_error_domain(), err.get_error_message())
    print("%s: %s" % (what, answer))


def until(condition):
    end = time.time() + 20
    while not condition():
        if time.time() > end:
            print("too late")
            break
        time.sleep(0.02)


with open(sys.argv[1]) as file:
    xml = file.read()
dom = conn.defineXML(xml)
print("type %s, secure %d, alive %d" % (conn.getType(), conn.isSecure(), conn.isAlive()))
show("name", dom.name)
show("uuid", dom.UUIDString)
show("os", dom.OSType)
show("active, persistent, updated", lambda: (dom.isActive(), dom.isPersistent(), dom.isUpdated()))
show("autostart", dom.autostart)
show("set autostart", lambda: dom.setAutostart(1))
show("autostart", dom.autostart)
show("max memory", dom.maxMemory)
show("state", dom.state)
show("info while off", dom.info)
show("shutdown while off", dom.shutdown)
show("start", dom.create)
show("start again", dom.create)
show("state", dom.state)
show("id is a process", lambda: open("/proc/%d/comm" % dom.ID()).read().strip())
show("by id", lambda: conn.lookupByID(dom.ID()).name())
show("listed", lambda: [d.name() for d in conn.listAllDomains()])
show("ids", lambda: conn.listDomainsID() == [dom.ID()])
show("defined", conn.listDefinedDomains)
show("suspend", dom.suspend)
show("state", dom.state)
show("resume", dom.resume)
show("title", lambda: dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_TITLE, "A title", None, None, 0))
show("title", lambda: dom.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None))
show("element", lambda: dom.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, "<owner>me</owner>", "x", "http://example.com/x", libvirt.VIR_DOMAIN_AFFECT_CONFIG | libvirt.VIR_DOMAIN_AFFECT_LIVE))
show("element", lambda: dom.metadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, "http://example.com/x"))
show("no description", lambda: dom.metadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, None))
show("no such name", lambda: conn.lookupByName("nosuch"))
show("name taken", lambda: conn.defineXML(xml.replace(dom.UUIDString(), "5f0cb3b1-0000-4000-8000-00000000dead")))
show("not well-formed", lambda: conn.defineXML("<domain"))
show("destroy", dom.destroy)
show("state", dom.state)
show("undefine", dom.undefine)
show("state when gone", dom.state)
transient = conn.createXML(xml)
show("transient is persistent", transient.isPersistent)
show("destroy", transient.destroy)
until(lambda: len(events) >= 10)
print("events:", *events, sep="\n  ")
conn.close()
