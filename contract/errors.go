package contract

// The D-Bus error names of Berth; org.berth1(5), "Errors".
const (
	ErrorNoSuchContainer  = "org.berth1.Error.NoSuchContainer"
	ErrorUnreadable       = "org.berth1.Error.UnreadableDefinition"
	ErrorContainerExists  = "org.berth1.Error.ContainerExists"
	ErrorInvalidXML       = "org.berth1.Error.InvalidXML"
	ErrorInvalidConfig    = "org.berth1.Error.InvalidConfig"
	ErrorNotRunning       = "org.berth1.Error.NotRunning"
	ErrorAlreadyRunning   = "org.berth1.Error.AlreadyRunning"
	ErrorInvalidState     = "org.berth1.Error.InvalidState"
	ErrorNamed            = "org.berth1.Error.NamedByOthers"
	ErrorChanged          = "org.berth1.Error.DefinitionChanged"
	ErrorTransient        = "org.berth1.Error.Transient"
	ErrorNoSuchDevice     = "org.berth1.Error.NoSuchDevice"
	ErrorNoSuchMetadata   = "org.berth1.Error.NoSuchMetadata"
	ErrorNoSuchConsole    = "org.berth1.Error.NoSuchConsole"
	ErrorNotAsked         = "org.berth1.Error.NotAsked"
	ErrorConsoleBusy      = "org.berth1.Error.ConsoleBusy"
	ErrorNoSuchProcess    = "org.berth1.Error.NoSuchProcess"
	ErrorCommandFailed    = "org.berth1.Error.CommandFailed"
	ErrorStartFailed      = "org.berth1.Error.StartFailed"
	ErrorOperationTimeout = "org.berth1.Error.OperationTimedOut"
	ErrorShuttingDown     = "org.berth1.Error.ShuttingDown"
	ErrorNoSuchNetwork    = "org.berth1.Error.NoSuchNetwork"
	ErrorNetworkExists    = "org.berth1.Error.NetworkExists"
	ErrorForeignNetwork   = "org.berth1.Error.ForeignNetwork"
	ErrorInternal         = "org.berth1.Error.Internal"
)

// The standard ones that Berth uses, or that the bus gives a caller of Berth.
const (
	ErrorInvalidArgs         = "org.freedesktop.DBus.Error.InvalidArgs"
	ErrorUnknownObject       = "org.freedesktop.DBus.Error.UnknownObject"
	ErrorUnknownInterface    = "org.freedesktop.DBus.Error.UnknownInterface"
	ErrorUnknownMethod       = "org.freedesktop.DBus.Error.UnknownMethod"
	ErrorUnknownProperty     = "org.freedesktop.DBus.Error.UnknownProperty"
	ErrorPropertyReadOnly    = "org.freedesktop.DBus.Error.PropertyReadOnly"
	ErrorAccessDenied        = "org.freedesktop.DBus.Error.AccessDenied"
	ErrorInteractionRequired = "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"
	ErrorLimitsExceeded      = "org.freedesktop.DBus.Error.LimitsExceeded"
	ErrorFileNotFound        = "org.freedesktop.DBus.Error.FileNotFound"
	ErrorNameHasNoOwner      = "org.freedesktop.DBus.Error.NameHasNoOwner"
	ErrorNotSupported        = "org.freedesktop.DBus.Error.NotSupported"
	ErrorNoReply             = "org.freedesktop.DBus.Error.NoReply"
	ErrorServiceUnknown      = "org.freedesktop.DBus.Error.ServiceUnknown"
	ErrorTimedOut            = "org.freedesktop.DBus.Error.TimedOut"
)
