# What libvirt's LXC driver does not tell of a container and its host, by python3-libvirt.
import sys
import time

import libvirt

libvirt.registerErrorHandler(lambda context, error: None, None)
conn = libvirt.open("lxc:///system")
dom = conn.lookupByName(sys.argv[1])


def tell(what, call):
    try:
        print("%s: %s" % (what, call()))
    except libvirt.libvirtError as err:
        print("%s: error %d of %d: %s" % (what, err.get_error_code(), err.get_error_domain(), err.get_error_message()))


def guest(types):
    info = dom.guestInfo(types, 0)
    return {name: value for name, value in info.items() if not name.startswith("os.kernel") and name != "os.machine"}


tell("host name", dom.hostname)
tell("host name by an agent", lambda: dom.hostname(libvirt.VIR_DOMAIN_GET_HOSTNAME_AGENT))
tell("host name by a lease", lambda: dom.hostname(libvirt.VIR_DOMAIN_GET_HOSTNAME_LEASE))
tell("host name by nothing known", lambda: dom.hostname(4))
tell("system", lambda: guest(libvirt.VIR_DOMAIN_GUEST_INFO_OS))
tell("zone and name", lambda: guest(libvirt.VIR_DOMAIN_GUEST_INFO_TIMEZONE | libvirt.VIR_DOMAIN_GUEST_INFO_HOSTNAME))
tell("users", lambda: guest(libvirt.VIR_DOMAIN_GUEST_INFO_USERS))
tell("time", lambda: abs(dom.getTime()["seconds"] - time.time()) < 10)
tell("file systems", lambda: [fs[0] for fs in dom.fsInfo()])
tell("addresses", lambda: dom.interfaceAddresses(libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT))
tell("addresses of nothing known", lambda: dom.interfaceAddresses(7))
tell("vcpus", lambda: [(v[0], v[1], v[3]) for v in dom.vcpus()[0]])
tell("pins", lambda: [all(cpus) for cpus in dom.vcpuPinInfo()])
tell("pin of all", lambda: all(dom.emulatorPinInfo()))
tell("number of vcpus", lambda: [dom.vcpusFlags(flags) for flags in (0, libvirt.VIR_DOMAIN_AFFECT_CONFIG, libvirt.VIR_DOMAIN_VCPU_MAXIMUM)])
tell("labels", dom.securityLabelList)
tell("KSM", lambda: sorted(conn.getMemoryParameters()) in ([], sorted("shm_" + name for name in (
    "pages_to_scan", "sleep_millisecs", "pages_shared", "pages_sharing", "pages_unshared", "pages_volatile", "full_scans", "merge_across_nodes"))))
tell("free pages", lambda: conn.getFreePages([4], 0, 1)[0][4] > 0)
tell("free pages of no size", lambda: conn.getFreePages([3], 0, 1))
tell("capabilities", lambda: "<domain>lxc</domain>" in conn.getDomainCapabilities())
tell("capabilities of KVM", lambda: conn.getDomainCapabilities(virttype="kvm"))
tell("unknown flags", lambda: dom.state(1))
tell("action", lambda: dom.setLifecycleAction(libvirt.VIR_DOMAIN_LIFECYCLE_CRASH, libvirt.VIR_DOMAIN_LIFECYCLE_ACTION_RESTART, libvirt.VIR_DOMAIN_AFFECT_CONFIG))
tell("action that it cannot have", lambda: dom.setLifecycleAction(libvirt.VIR_DOMAIN_LIFECYCLE_REBOOT, libvirt.VIR_DOMAIN_LIFECYCLE_ACTION_COREDUMP_DESTROY))
print("<on_crash>restart</on_crash>" in dom.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), "<on_crash>restart</on_crash>" in dom.XMLDesc())
