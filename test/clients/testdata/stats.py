# The figures of a running container by python3-libvirt: their names, and whether they are what the kernel says.
import sys

import libvirt

libvirt.registerErrorHandler(lambda context, error: None, None)
conn = libvirt.openReadOnly("lxc:///system")
dom = conn.lookupByName(sys.argv[1])
state, most, used, cpus, time = dom.info()
group = open("/proc/%d/cgroup" % dom.ID()).read().strip().split("::")[1]


def usage():
    with open("/sys/fs/cgroup%s/cpu.stat" % group) as file:
        return int(file.readline().split()[1]) * 1000


before = usage()
time = dom.info()[4]
print("info: state %d, max %d, cpus %d, cpu time %s" % (state, most, cpus, before <= time <= usage() or (before, time, usage())))
before = usage()
total = dom.getCPUStats(True)[0]
print("cpu: %s, right %s" % (sorted(total), before <= total["cpu_time"] <= usage() or (before, total, usage())))
# A host without the controllers of memory and io does not tell more than these.
print("memory:", sorted(name for name in dom.memoryStats() if name in ("actual", "rss")))
(which, stats), = conn.getAllDomainStats()
print("of %s:" % which.name(), *["%s %s" % (name, type(value).__name__) for name, value in sorted(stats.items())
                                 if not name.startswith(("block.0", "block.1")) and name not in ("balloon.swap_in", "balloon.usable")], sep="\n  ")
print("state %d, vcpu %d, balloon.maximum %d" % (stats["state.state"], stats["vcpu.current"], stats["balloon.maximum"]))
before = usage()
one = conn.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_CPU_TOTAL)[0][1]
print("cpu.time right:", before <= one["cpu.time"] <= usage() or (before, one, usage()))
for what, call in {"create": dom.create, "destroy": dom.destroy, "define": lambda: conn.defineXML("<domain/>")}.items():
    try:
        call()
        print(what, "was not refused")
    except libvirt.libvirtError as err:
        print("read-only %s: error %d of %d: %s" % (what, err.get_error_code(), err.get_error_domain(), err.get_error_message()))
