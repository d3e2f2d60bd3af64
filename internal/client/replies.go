package client

import "github.com/berthd/berth/contract"

// maxReply bounds a reply in bytes: no bus lets a longer message through.
const maxReply = 64 << 20

// Replies are the signatures of the replies to the methods that a Client calls, as the contract has them.
func Replies() map[string]string {
	const manager, container, properties = contract.ManagerInterface + ".", contract.ContainerInterface + ".", propertyIface + "."
	const process = contract.ProcessInterface + "."
	const networks = contract.NetworksInterface + "."
	return map[string]string{
		contract.WatchInterface + ".Subscribe":   "",
		contract.WatchInterface + ".Unsubscribe": "",

		manager + "DefineXML":               "o",
		manager + "CreateXML":               "o",
		manager + "StageFDs":                "u",
		manager + "ListContainers":          "a(susso)",
		manager + "ValidateXML":             "a(ssus)",
		manager + "DescribeContainers":      "a{oa{sv}}",
		manager + "GetAllStats":             "a(susossa{st}a{sa{sa{st}}})",
		manager + "GetContainerByName":      "o",
		manager + "GetContainerByUUID":      "o",
		manager + "GetContainerByID":        "o",
		manager + "GetContainerByLeader":    "o",
		manager + "GetNodeInfo":             "a{sv}",
		manager + "GetCapabilities":         "s",
		manager + "GetNodeMemoryStats":      "a(ia{st})",
		manager + "GetNodeCPUStats":         "a(ia{st})",
		container + "Start":                 "",
		container + "WaitReady":             "",
		container + "Destroy":               "",
		container + "Undefine":              "",
		container + "GetJobInfo":            "a{sv}",
		container + "AbortJob":              "",
		container + "SetResources":          "",
		container + "GetResources":          "a{sv}",
		container + "AttachDevice":          "",
		container + "DetachDevice":          "",
		container + "DetachDeviceAlias":     "",
		container + "UpdateDevice":          "",
		container + "ListDevices":           "aa{sv}",
		container + "Suspend":               "",
		container + "Resume":                "",
		container + "Shutdown":              "",
		container + "Reboot":                "",
		container + "Reset":                 "",
		container + "AwaitEnd":              "ss",
		container + "Redefine":              "",
		container + "Rename":                "",
		container + "SetAutostart":          "",
		container + "SetMetadata":           "",
		container + "GetMetadata":           "s",
		container + "GetXML":                "s",
		container + "GetPlan":               "s",
		container + "GetStats":              "a{sv}",
		container + "ReadConsole":           "ay",
		container + "OpenConsole":           "h",
		container + "ResizeConsole":         "",
		container + "Exec":                  "oa{sv}",
		container + "SendProcessSignal":     "",
		container + "OpenNamespaces":        "a{sv}",
		container + "OpenLeaderPIDFD":       "h",
		process + "Wait":                    "is",
		process + "Kill":                    "",
		process + "Resize":                  "",
		networks + "ListNetworks":           "aa{sv}",
		networks + "GetNetwork":             "a{sv}",
		networks + "GetNetworkXML":          "s",
		networks + "GetNetworkLeases":       "aa{sv}",
		networks + "DefineNetworkXML":       "s",
		networks + "UndefineNetwork":        "",
		networks + "StartNetwork":           "",
		networks + "DestroyNetwork":         "",
		networks + "SetNetworkAutostart":    "",
		properties + "Get":                  "v",
		properties + "GetAll":               "a{sv}",
		container + "GetInterfaces":         "aa{sv}",
		container + "SetInterface":          "",
		container + "GetInterfaceAddresses": "aa{sv}",
	}
}
