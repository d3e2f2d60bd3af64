package plan

// Net says which interfaces a container gets. The zero value means none.
type Net struct {
	Interfaces []Interface `json:"interfaces"`
	NICs       []NIC       `json:"nics,omitempty"`
}

// InterfaceKind is the kernel's word for the kind of a link.
type InterfaceKind string

// The kinds of interfaces.
const (
	Veth    InterfaceKind = "veth"    // two ends, one of them on the host
	Macvlan InterfaceKind = "macvlan" // on a link of the host
)

// Interface is one interface. It is made in the container's network namespace, with its name and MAC address. The
// addresses come before it is up, the routes after that.
type Interface struct {
	Element string        `json:"element"` // its place in the definition, for errors
	Kind    InterfaceKind `json:"kind"`
	Name    string        `json:"name"`
	MAC     string        `json:"mac"`
	MTU     uint32        `json:"mtu,omitempty"` // 0 means that of the bridge or of the parent
	Host    HostEnd       `json:"host,omitzero"` // of a veth

	Parent string `json:"parent,omitempty"` // of a macvlan: the host's link
	Mode   string `json:"mode,omitempty"`   // of a macvlan: vepa, bridge, private or passthrough

	Addresses []NetAddress `json:"addresses,omitempty"`
	Up        bool         `json:"up,omitempty"`
	Routes    []NetRoute   `json:"routes,omitempty"`

	Ports []NetPort `json:"ports,omitempty"` // of the host, which forwards them to the container
}

// NIC is a network interface of the host that the container has while it runs. It keeps its name.
type NIC struct {
	Element string `json:"element"`
	Name    string `json:"name"`
	Spare   string `json:"spare"` // the name that it has on the host while it is given back
	// TakesDefaultRoute allows a NIC that the host's default route goes by.
	TakesDefaultRoute bool         `json:"takes_default_route,omitempty"`
	Addresses         []NetAddress `json:"addresses,omitempty"`
	Up                bool         `json:"up,omitempty"`
	Routes            []NetRoute   `json:"routes,omitempty"`
}

// HostEnd is the end of a veth that stays on the host. MAC and Alias tell it apart from a link of somebody else.
type HostEnd struct {
	Name    string `json:"name"`
	MAC     string `json:"mac"`
	Alias   string `json:"alias"`
	Network string `json:"network,omitempty"` // whose bridge it becomes a port of; the start finds that
	Bridge  string `json:"bridge,omitempty"`  // that it becomes a port of
	// An isolated port reaches no other isolated port of the bridge.
	Isolated bool `json:"isolated,omitempty"`
	Up       bool `json:"up,omitempty"`
	// VLANs are those that the port is in, instead of the bridge's default.
	VLANs []PortVLAN `json:"vlans,omitempty"`

	// Send limits what the end sends, which the container receives. Receive limits what it receives.
	Send    Rate `json:"send,omitzero"`
	Receive Rate `json:"receive,omitzero"`
	// Shaper is a link that what the end receives goes through, if that is limited: the kernel queues only what a link
	// sends.
	Shaper Shaper `json:"shaper,omitzero"`
}

// PortVLAN is a VLAN that the port of a bridge is in.
type PortVLAN struct {
	ID       uint16 `json:"id"`
	PVID     bool   `json:"pvid,omitempty"`     // frames that come without a tag are in it
	Untagged bool   `json:"untagged,omitempty"` // frames go out without its tag
}

// Rate is a limit of one direction, in bytes and bytes a second. The zero value is none. Peak is how fast a burst goes.
type Rate struct {
	Average uint64 `json:"average"`
	Peak    uint64 `json:"peak,omitempty"`  // 0 means that nothing limits it
	Burst   uint64 `json:"burst,omitempty"` // 0 means what goes in 10 ms
}

// Shaper is a link of the kind ifb.
type Shaper struct {
	Name string `json:"name"`
	MAC  string `json:"mac"`
}

// NetAddress is an address of an interface, with its prefix: 192.0.2.1/24. It is usable at once: nobody asks whether
// another host has it. The texts are canonical. The supervisor, which links this package, has no use for more.
type NetAddress struct {
	Address string `json:"address"`
	Peer    string `json:"peer,omitempty"`
}

// NetRoute is a route by an interface.
type NetRoute struct {
	To      string `json:"to"`
	Gateway string `json:"gateway"`
	Metric  uint32 `json:"metric"`
	OnLink  bool   `json:"on_link,omitempty"` // the gateway is a neighbour, whatever the addresses say
}

// NetPort is a port of the host whose connections go to the container.
type NetPort struct {
	Proto   string `json:"proto"`             // tcp or udp
	Address string `json:"address,omitempty"` // the only address of the host that has it; all, if it is empty
	Host    uint16 `json:"host"`
	Guest   uint16 `json:"guest"`
	// The container's addresses. One that is missing is not reached by that family, unless DHCP gives it later.
	To4 string `json:"to4,omitempty"`
	To6 string `json:"to6,omitempty"`
}
