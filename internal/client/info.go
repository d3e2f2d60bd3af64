package client

import (
	"context"
	"fmt"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/berthd/berth/contract"
)

// Info holds every property of a container, as org.berth1(5) describes them.
type Info struct {
	Name             string
	UUID             string
	Title            string
	Description      string
	OSType           string
	State            string
	StateReason      string
	StateChangedUSec uint64
	Persistent       bool
	Updated          bool
	Autostart        bool
	AutostartOnce    bool // with the next boot
	ID               uint32
	Leader           uint32
	OwnerUID         uint32 // 0 is root's
	PrivateUsers     bool
	MachineName      string
	Network          string
	Unit             string
	Slice            string
	ControlGroup     string
	RootDirectory    string
	LastExit         Exit
	StartedUSec      uint64
	MemoryMax        uint64
	VCPUs            uint32
	Consoles         []string
	Ready            bool
	Status           string
	OOMKills         uint64
	RelabelProgress  uint64
	Interfaces       []Interface
	SecurityModel    string // of its label; empty without one
	SecurityLabel    string
	ImageLabel       string

	Memory, CurrentMemory                             uint64
	MemoryHigh, MemorySwapMax, MemoryLow, MemoryMin   uint64
	CPUWeight, CPUQuotaPerSecUSec, CPUQuotaPeriodUSec uint64
	AllowedCPUs, AllowedMemoryNodes                   []byte
	TasksMax, IOWeight                                uint64
	NUMAMode                                          string
	IODeviceWeight, IODeviceLatencyTargetUSec         []DeviceNumber
	IOReadBandwidthMax, IOWriteBandwidthMax           []DeviceNumber
	IOReadIOPSMax, IOWriteIOPSMax                     []DeviceNumber
}

// Exit is how the last init ended; its Kind is "" when the container never ran.
type Exit struct {
	Code int32
	Kind string
}

// Interface is a network interface of a container, as its definition has it.
type Interface struct {
	Name   string // in the container
	Type   string
	Source string // a network, a bridge or a link of the host; "" if there is none
	Link   string // the name of the host's end, which is there while the container runs; "" if there is none
	Model  string
	MAC    string
}

// fields gives each property its place.
func (i *Info) fields() map[string]any {
	return map[string]any{
		"Name": &i.Name, "UUID": &i.UUID, "Title": &i.Title, "Description": &i.Description,
		"OSType": &i.OSType, "State": &i.State, "StateReason": &i.StateReason,
		"StateChangedUSec": &i.StateChangedUSec, "Persistent": &i.Persistent, "Updated": &i.Updated, "Autostart": &i.Autostart, "AutostartOnce": &i.AutostartOnce,
		"Id": &i.ID, "Leader": &i.Leader, "OwnerUID": &i.OwnerUID, "PrivateUsers": &i.PrivateUsers, "MachineName": &i.MachineName, "Network": &i.Network, "Unit": &i.Unit,
		"Slice": &i.Slice, "ControlGroup": &i.ControlGroup, "RootDirectory": &i.RootDirectory,
		"LastExit": &i.LastExit, "StartedUSec": &i.StartedUSec, "MemoryMax": &i.MemoryMax,
		"VCPUs": &i.VCPUs, "Consoles": &i.Consoles, "Ready": &i.Ready, "Status": &i.Status,
		"OOMKills": &i.OOMKills, "Interfaces": &i.Interfaces,
		"SecurityModel": &i.SecurityModel, "SecurityLabel": &i.SecurityLabel, "ImageLabel": &i.ImageLabel, "RelabelProgress": &i.RelabelProgress,
		"Memory": &i.Memory, "CurrentMemory": &i.CurrentMemory, "MemoryHigh": &i.MemoryHigh, "MemorySwapMax": &i.MemorySwapMax, "MemoryLow": &i.MemoryLow, "MemoryMin": &i.MemoryMin,
		"CPUWeight": &i.CPUWeight, "CPUQuotaPerSecUSec": &i.CPUQuotaPerSecUSec, "CPUQuotaPeriodUSec": &i.CPUQuotaPeriodUSec,
		"AllowedCPUs": &i.AllowedCPUs, "AllowedMemoryNodes": &i.AllowedMemoryNodes, "TasksMax": &i.TasksMax, "IOWeight": &i.IOWeight,
		"NUMAMode": &i.NUMAMode, "IODeviceWeight": &i.IODeviceWeight, "IODeviceLatencyTargetUSec": &i.IODeviceLatencyTargetUSec,
		"IOReadBandwidthMax": &i.IOReadBandwidthMax, "IOWriteBandwidthMax": &i.IOWriteBandwidthMax, "IOReadIOPSMax": &i.IOReadIOPSMax, "IOWriteIOPSMax": &i.IOWriteIOPSMax,
	}
}

// newer are the properties that came after the first ones. An older berthd, which goes on after an upgrade until it is
// restarted, does not have them.
func newer() []string {
	return []string{
		"Ready", "Status", "Autostart", "AutostartOnce", "OOMKills", "Interfaces", "SecurityModel", "SecurityLabel", "ImageLabel", "RelabelProgress", "Memory", "CurrentMemory", "MemoryHigh", "MemorySwapMax", "MemoryLow", "MemoryMin", "CPUWeight", "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec",
		"AllowedCPUs", "AllowedMemoryNodes", "TasksMax", "IOWeight",
		"NUMAMode", "IODeviceWeight", "IODeviceLatencyTargetUSec", "IOReadBandwidthMax", "IOWriteBandwidthMax", "IOReadIOPSMax", "IOWriteIOPSMax",
		"OwnerUID", "PrivateUsers",
	}
}

// Info reads all properties at one moment.
func (c *Client) Info(ctx context.Context, p Path) (Info, error) {
	var reply map[string]dbus.Variant
	if err := c.call(ctx, p, propertyIface, "GetAll", []any{contract.ContainerInterface}, &reply); err != nil {
		return Info{}, err
	}
	var i Info
	for name, field := range i.fields() {
		v, ok := reply[name]
		switch {
		case !ok && slices.Contains(newer(), name):
			continue
		case !ok:
			return Info{}, fmt.Errorf("property %s: not among those that berthd has", name)
		}
		if err := store(name, v, field); err != nil {
			return Info{}, err
		}
	}
	if _, ok := reply["Ready"]; !ok {
		i.Ready = i.State == "running" || i.State == "paused" // no init could say more
	}
	return i, nil
}

func store(name string, v dbus.Variant, to any) error {
	if err := v.Store(to); err != nil {
		return fmt.Errorf("property %s: %w", name, err)
	}
	return nil
}
