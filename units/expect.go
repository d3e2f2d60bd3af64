package units

const properties = "org.freedesktop.DBus.Properties."

// Replies returns the signatures of the replies to the methods that a Client calls. The connection reads no
// other replies.
func Replies() map[string]string {
	return map[string]string{
		manager + "Subscribe":          "",
		manager + "StartTransientUnit": "o",
		manager + "StopUnit":           "o",
		manager + "StartUnit":          "o",
		manager + "TryRestartUnit":     "o",
		manager + "KillUnit":           "",
		manager + "SetUnitProperties":  "",
		manager + "GetUnit":            "o",
		manager + "GetUnitProcesses":   "a(sus)",
		properties + "GetAll":          "a{sv}",
	}
}

// Signals returns the signatures of the signals that a Client handles. BusName sends them.
func Signals() map[string]string {
	return map[string]string{
		manager + "JobRemoved":  "uoss",
		manager + "UnitRemoved": "so",
		manager + "Reloading":   "b",
	}
}
