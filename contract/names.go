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

	// LogControlPath and LogControlInterface are systemd's, org.freedesktop.LogControl1(5).
	LogControlPath      = "/org/freedesktop/LogControl1"
	LogControlInterface = "org.freedesktop.LogControl1"
)

// The polkit actions. Every method has one.
const (
	ActionRead    = "org.berth1.read"    // see what exists and its definition
	ActionMonitor = "org.berth1.monitor" // read live figures
	ActionControl = "org.berth1.control" // start, stop, suspend
	ActionConsole = "org.berth1.console" // read and use the consoles of a container
	ActionExec    = "org.berth1.exec"    // execute commands in a container, signal them and its init
	ActionManage  = "org.berth1.manage"  // define and remove: as good as root
)
