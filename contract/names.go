package contract

// The name on the bus, the objects and their interfaces; org.berth1(5).
const (
	BusName = "org.berth1"
	// CallerName is the name of the connection by which berthd calls others. It serves nothing there: the bus
	// keeps strangers from who has a name.
	CallerName = "org.berth1.Caller"

	RootPath      = "/org/berth1"
	ContainerPath = "/org/berth1/container" // above one object for each container
	ProcessPath   = "/org/berth1/process"   // above one object for each command in a container

	ManagerInterface   = "org.berth1.Manager"
	ContainerInterface = "org.berth1.Container"
	ProcessInterface   = "org.berth1.Process"
	NetworksInterface  = "org.berth1.Networks"
	WatchInterface     = "org.berth1.Watch"

	// LogControlPath and LogControlInterface are systemd's, org.freedesktop.LogControl1(5).
	LogControlPath      = "/org/freedesktop/LogControl1"
	LogControlInterface = "org.freedesktop.LogControl1"
)
