package cli

import (
	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/figures"
)

// description is the output of dominfo --json: the properties of org.berth1.Container, with their units
// in the keys. A property without a value is null.
type description struct {
	ID                 *uint32  `json:"id"`
	Name               string   `json:"name"`
	UUID               string   `json:"uuid"`
	Title              string   `json:"title"`
	Description        string   `json:"description"`
	OSType             string   `json:"os_type"`
	State              string   `json:"state"`
	Reason             string   `json:"reason"`
	StateChangedUSec   *uint64  `json:"state_changed_usec"`
	Persistent         bool     `json:"persistent"`
	Autostart          bool     `json:"autostart"`
	AutostartOnce      bool     `json:"autostart_once"`
	Updated            bool     `json:"updated"`
	VCPUs              uint32   `json:"vcpus"`
	MemoryMaxBytes     uint64   `json:"memory_max_bytes"`
	CPUUsageUSec       *uint64  `json:"cpu_usage_usec"`
	MemoryCurrentBytes *uint64  `json:"memory_current_bytes"`
	TasksCurrent       *uint64  `json:"tasks_current"`
	Leader             *uint32  `json:"leader"`
	OwnerUID           uint32   `json:"owner_uid"`
	PrivateUsers       bool     `json:"private_users"`
	MachineName        string   `json:"machine_name"`
	Network            string   `json:"network"`
	Unit               *string  `json:"unit"`
	Slice              *string  `json:"slice"`
	ControlGroup       *string  `json:"control_group"`
	RootDirectory      *string  `json:"root_directory"`
	StartedUSec        *uint64  `json:"started_usec"`
	LastExit           *ended   `json:"last_exit"`
	Consoles           []string `json:"consoles"`
	Ready              bool     `json:"ready"`
	Status             string   `json:"status"`
	OOMKills           uint64   `json:"oom_kills"`
	labelled
}

// ended says how init ended. Kind is exited, killed or dumped. Code is the status or the signal.
type ended struct {
	Kind string `json:"kind"`
	Code int32  `json:"code"`
}

func described(i client.Info, security client.Security, s *figures.Figures) description {
	d := description{
		ID: unlessZero(i.ID), Name: i.Name, UUID: i.UUID, Title: i.Title, Description: i.Description,
		OSType: i.OSType, State: i.State, Reason: i.StateReason,
		StateChangedUSec: unlessZero(i.StateChangedUSec),
		Persistent:       i.Persistent, Autostart: i.Autostart, AutostartOnce: i.AutostartOnce, Updated: i.Updated, VCPUs: i.VCPUs, MemoryMaxBytes: i.MemoryMax,
		CPUUsageUSec: figure(s, figures.CPUUsageUSec), MemoryCurrentBytes: figure(s, figures.MemoryCurrent),
		TasksCurrent: figure(s, figures.TasksCurrent),
		Leader:       unlessZero(i.Leader), OwnerUID: i.OwnerUID, PrivateUsers: i.PrivateUsers, MachineName: i.MachineName, Network: i.Network,
		Unit: unlessZero(i.Unit), Slice: unlessZero(i.Slice), ControlGroup: unlessZero(i.ControlGroup),
		RootDirectory: unlessZero(i.RootDirectory), StartedUSec: unlessZero(i.StartedUSec),
		Consoles: append([]string{}, i.Consoles...), Ready: i.Ready, Status: i.Status, OOMKills: i.OOMKills,
		labelled: labelOf(i, security),
	}
	if i.LastExit.Kind != "" {
		d.LastExit = &ended{i.LastExit.Kind, i.LastExit.Code}
	}
	return d
}
