package remote

import (
	"slices"
)

// unsupported is the answer to a procedure that libvirt has and this server has not, with the words that libvirt has for what
// a driver lacks.
func unsupported(h head) *failure {
	from := int32(domainDomain)
	if name := names[h.procedure]; h.program == programRemote && name != "" {
		if slices.Contains(snapshots, h.procedure) {
			from = domainSnapshot
		}
		return fault(codeNoSupport, from, "this function is not supported by the connection driver: %s", name)
	}
	return fault(codeRPC, domainRPC, "unknown procedure: %d", h.procedure)
}

// snapshots are the procedures of snapshots.
var snapshots = []int32{185, 186, 187, 188, 189, 190, 191, 192, 193, 244, 246, 247, 271, 272, 274, 275}

// names are the functions of libvirt's library for procedures that this server has not, as far as clients call them.
var names = map[int32]string{
	32: "virDomainSetVcpus", 36: "virConnectListDefinedNetworks", 38: "virConnectListNetworks",
	50: "virConnectNumOfDefinedNetworks", 52: "virConnectNumOfNetworks", 53: "virDomainCoreDump", 54: "virDomainRestore", 55: "virDomainSave",
	61: "virDomainMigratePrepare", 71: "virConnectListDefinedStoragePools", 77: "virStoragePoolDefineXML", 91: "virConnectNumOfStoragePools",
	103: "virDomainMemoryPeek", 104: "virDomainBlockPeek", 111: "virNodeNumOfDevices", 112: "virNodeListDevices",
	126: "virConnectNumOfInterfaces", 139: "virConnectNumOfSecrets", 158: "virConnectCompareCPU",
	162: "virConnectGetCPUModelNames", 163: "virDomainGetJobInfo", 164: "virDomainAbortJob",
	175: "virNWFilterLookupByName", 182: "virDomainManagedSave", 184: "virDomainManagedSaveRemove", 185: "virDomainSnapshotCreateXML",
	187: "virDomainSnapshotNum", 188: "virDomainSnapshotListNames", 190: "virDomainHasCurrentSnapshot", 191: "virDomainSnapshotCurrent",
	194: "virDomainGetBlockInfo", 203: "virConnectGetSysinfo", 210: "virDomainSetVcpusFlags", 211: "virDomainScreenshot",
	225: "virDomainBlockJobAbort", 230: "virDomainGetVcpuPinInfo", 250: "virNodeSuspendForDuration", 274: "virDomainListAllSnapshots",
	277: "virDomainGetHostname", 280: "virDomainGetEmulatorPinInfo", 281: "virConnectListAllStoragePools",
	283: "virConnectListAllNetworks", 284: "virConnectListAllInterfaces", 285: "virConnectListAllNodeDevices",
	286: "virConnectListAllNWFilters", 287: "virConnectListAllSecrets", 288: "virNodeSetMemoryParameters", 289: "virNodeGetMemoryParameters",
	298: "virDomainGetDiskErrors", 313: "virConnectNetworkEventRegisterAny", 335: "virDomainFSFreeze", 337: "virDomainGetTime",
	340: "virNodeGetFreePages", 342: "virConnectGetDomainCapabilities", 347: "virNodeAllocPages",
	349: "virDomainGetFSInfo", 358: "virDomainRename", 368: "virConnectStoragePoolEventRegisterAny",
	374: "virConnectNodeDeviceEventRegisterAny", 380: "virConnectSecretEventRegisterAny", 390: "virDomainSetLifecycleAction",
	411: "virDomainCheckpointCreateXML", 418: "virDomainGetGuestInfo", 450: "virDomainSetAutostartOnce",
}
