package units

const properties = "org.freedesktop.DBus.Properties."

// Replies are the signatures of the replies to the methods that a Client calls, for a connection that reads
// no others.
func Replies() map[string]string {
	return map[string]string{
		manager + "Subscribe":          "",
		manager + "StartTransientUnit": "o",
		manager + "StopUnit":           "o",
		manager + "GetUnit":            "o",
		manager + "GetUnitProcesses":   "a(sus)",
		properties + "GetAll":          "a{sv}",
	}
}

// Signals are the signatures of the signals of BusName that a Client hears.
func Signals() map[string]string {
	return map[string]string{
		manager + "JobRemoved":  "uoss",
		manager + "UnitRemoved": "so",
		manager + "Reloading":   "b",
		stopWish:                "",
	}
}
