# What Berth has not: the code, the domain and the words of each refusal.
import sys

import libvirt

libvirt.registerErrorHandler(lambda context, error: None, None)
conn = libvirt.open("lxc:///system")
dom = conn.lookupByName(sys.argv[1])
for what, call in {
        "migrate": lambda: dom.migrate3(conn, {}, 0),
        "migrate to a host": lambda: dom.migrateToURI3("lxc+ssh://127.0.0.1/system", {}, libvirt.VIR_MIGRATE_PEER2PEER),
        "storage pools": conn.listAllStoragePools,
        "define a pool": lambda: conn.storagePoolDefineXML("<pool type='dir'><name>x</name></pool>"),
        "a pool": lambda: conn.storagePoolLookupByName("default"),
        "networks": conn.listAllNetworks,
        "a network": lambda: conn.networkLookupByName("default"),
        "interfaces": conn.listAllInterfaces,
        "node devices": conn.listAllDevices,
        "secrets": conn.listAllSecrets,
        "filters": conn.listAllNWFilters,
        "snapshots": dom.listAllSnapshots,
        "a snapshot": lambda: dom.snapshotCreateXML("<domainsnapshot/>"),
        "checkpoints": dom.listAllCheckpoints,
        "a checkpoint": lambda: dom.checkpointCreateXML("<domaincheckpoint/>"),
        "a backup": lambda: dom.backupBegin("<domainbackup/>", None),
        "save": lambda: dom.save("/tmp/x"),
        "managed save": lambda: dom.managedSave(),
        "dump": lambda: dom.coreDump("/tmp/x"),
        "screenshot": lambda: dom.screenshot(conn.newStream(), 0),
        "vcpus": lambda: dom.setVcpus(2),
        "rename": lambda: dom.rename("other"),
        "perf": dom.perfEvents,
        "unknown flags of start": lambda: dom.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED),
        "another driver": lambda: libvirt.open("qemu:///system?socket=/run/libvirt/virtlxcd-sock"),
        "twice the same": lambda: conn.defineXML("<domain type='lxc'><name>web</name><memory>1</memory><os><type>exe</type><init>/x</init></os></domain>"),
        "no XML": lambda: conn.defineXML("x"),
        "no name": lambda: conn.defineXML("<domain type='lxc'><memory>1</memory><os><type>exe</type></os></domain>"),
        "native format": lambda: conn.domainXMLFromNative("nosuch", "x"),
        "console": lambda: dom.openConsole("nosuch", conn.newStream()),
        "signal": lambda: dom.sendProcessSignal(30000, 15),
        "interface": lambda: dom.interfaceStats("nosuch"),
}.items():
    try:
        print("%s: %s" % (what, call()))
    except libvirt.libvirtError as err:
        print("%s: error %d of %d: %s" % (what, err.get_error_code(), err.get_error_domain(), err.get_error_message()))
