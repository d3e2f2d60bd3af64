package contract

// The polkit actions. Each method of each front has one, or a written reason for none.
const (
	ActionRead       = "org.berth1.read"        // see that a container exists, its definition, its state and its signals
	ActionMonitor    = "org.berth1.monitor"     // read live figures
	ActionReadSecure = "org.berth1.read-secure" // read the secrets in a definition
	ActionControl    = "org.berth1.control"     // start, stop, suspend
	ActionConsole    = "org.berth1.console"     // read and use the consoles of a container
	ActionExec       = "org.berth1.exec"        // execute commands in a container, signal them and its init
	ActionNamespaces = "org.berth1.namespaces"  // get the namespaces or the init of a container as descriptors, or share them
	// ActionManage is to define and change containers and networks. That is as good as root: a definition can mount any
	// directory of the host. It implies to see, watch and control them, and to use their consoles.
	ActionManage = "org.berth1.manage"
	// ActionAdmin is for what belongs to the host and to no container, such as a namespace of any of its processes.
	ActionAdmin = "org.berth1.admin"
	// ActionConnect is to connect by libvirt's protocol for more than to read. It implies all others but ActionAdmin, so
	// that one password at the beginning is enough, as with libvirt. A rule that gives it must compare the verb with
	// VerbConnect.
	ActionConnect = "org.berth1.connect"
)

// Actions returns all actions.
func Actions() []string {
	return []string{
		ActionRead, ActionMonitor, ActionReadSecure, ActionControl, ActionConsole, ActionExec, ActionNamespaces, ActionManage, ActionAdmin, ActionConnect,
	}
}

// ImpliedBy returns the actions that imply one: who has a right to one of them has that to this action, too, unless a
// rule says no to it.
func ImpliedBy(action string) []string {
	switch action {
	case ActionRead, ActionMonitor, ActionReadSecure, ActionControl, ActionConsole:
		return []string{ActionConnect, ActionManage}
	case ActionExec, ActionNamespaces, ActionManage:
		return []string{ActionConnect}
	}
	return nil
}

// VerbConnect is the verb of a question about ActionConnect itself.
const VerbConnect = "Connect"

// The details that polkit's rules see of a question: action.lookup("container") in a rule.
const (
	DetailVerb      = "verb"      // the method, such as Start
	DetailContainer = "container" // the name of the container
	DetailUUID      = "uuid"
	DetailOwner     = "owner" // the number of the user whose container it is
	// DetailCallerIsOwner is "yes" if the caller is that user, and missing otherwise.
	DetailCallerIsOwner = "caller-is-owner"
	// DetailPrivateUsers is "yes" if the container has a user namespace without the host's root, and missing otherwise.
	DetailPrivateUsers = "private-users"
	DetailNetwork      = "network" // the name of the host's network
)
