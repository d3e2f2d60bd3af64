package service

// ListFilter says which containers a list has. Its bits are those of libvirt's VIR_CONNECT_LIST_DOMAINS_*: a container
// is in the list if, of each group, one of its bits is set, or none of the group is.
type ListFilter uint32

// The filters. No container of Berth has a managed save, snapshots or checkpoints.
const (
	ListActive ListFilter = 1 << iota
	ListInactive
	ListPersistent
	ListTransient
	ListRunning
	ListPaused
	ListShutoff
	ListOther // starting or stopping
	ListManagedSave
	ListNoManagedSave
	ListAutostart
	ListNoAutostart
	ListSnapshot
	ListNoSnapshot
	ListCheckpoint
	ListNoCheckpoint
)

// FilterNamed returns a filter by the end of its name in libvirt, such as no-autostart.
func FilterNamed(name string) (f ListFilter, known bool) {
	for i, word := range []string{
		"active", "inactive", "persistent", "transient", "running", "paused", "shutoff", "other", "managed-save", "no-managed-save",
		"autostart", "no-autostart", "snapshot", "no-snapshot", "checkpoint", "no-checkpoint",
	} {
		if word == name {
			return 1 << i, true
		}
	}
	return 0, false
}

// Admits reports whether a list has a container.
func (f ListFilter) Admits(snap *Snapshot) bool {
	has := ListNoManagedSave | ListNoSnapshot | ListNoCheckpoint
	for _, is := range []struct {
		so        bool
		then, not ListFilter
	}{
		{snap.State.Active(), ListActive, ListInactive}, {snap.Persistent, ListPersistent, ListTransient}, {snap.Autostart, ListAutostart, ListNoAutostart},
	} {
		if is.so {
			has |= is.then
		} else {
			has |= is.not
		}
	}
	switch snap.State {
	case StateRunning:
		has |= ListRunning
	case StatePaused:
		has |= ListPaused
	case StateShutoff:
		has |= ListShutoff
	case StateStarting, StateStopping:
		has |= ListOther
	}
	for _, group := range []ListFilter{
		ListActive | ListInactive, ListPersistent | ListTransient, ListRunning | ListPaused | ListShutoff | ListOther,
		ListManagedSave | ListNoManagedSave, ListAutostart | ListNoAutostart, ListSnapshot | ListNoSnapshot, ListCheckpoint | ListNoCheckpoint,
	} {
		if f&group != 0 && f&group&has == 0 {
			return false
		}
	}
	return true
}
