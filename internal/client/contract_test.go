package client_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/client"
	"github.com/berthd/berth/internal/client/clienttest"
)

// TestInfoHoldsEveryProperty: Info has a field for each property of the introspection XML, of the
// same type.
func TestInfoHoldsEveryProperty(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	for _, p := range clienttest.Load(t).Interface(t, "org.berth1.Container").Properties {
		want[strings.ToLower(p.Name)] = p.Type
	}
	got := map[string]string{}
	for f := range reflect.TypeFor[client.Info]().Fields() {
		got[strings.ToLower(f.Name)] = dbus.SignatureOfType(f.Type).String()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("contract (-) and Info (+):\n%s", diff)
	}
}

// TestEveryReplyIsDeclared: what the connection lets through as the reply of a method is what the contract promises.
func TestEveryReplyIsDeclared(t *testing.T) {
	t.Parallel()
	want := map[string]string{"org.freedesktop.DBus.Properties.Get": "v", "org.freedesktop.DBus.Properties.GetAll": "a{sv}"}
	for _, iface := range clienttest.Load(t).Interfaces {
		for _, m := range iface.Methods {
			want[iface.Name+"."+m.Name] = m.Signature("out")
		}
	}
	if diff := cmp.Diff(want, client.Replies()); diff != "" {
		t.Errorf("contract (-) and table (+):\n%s", diff)
	}
}

// TestEverySignalIsDeclared: what the connection lets through as a signal is what the contract promises.
func TestEverySignalIsDeclared(t *testing.T) {
	t.Parallel()
	want := map[string]string{}
	for _, iface := range clienttest.Load(t).Interfaces {
		for _, m := range iface.Signals {
			want[iface.Name+"."+m.Name] = m.Signature("")
		}
	}
	if diff := cmp.Diff(want, client.Signals()); diff != "" {
		t.Errorf("contract (-) and table (+):\n%s", diff)
	}
}

// TestEveryMethodHasACall: the client has a call for each method of the introspection XML.
func TestEveryMethodHasACall(t *testing.T) {
	t.Parallel()
	called := map[string]string{
		"DefineXML": "Define", "CreateXML": "Create", "ListContainers": "List", "GetContainerByName": "ByName",
		"GetContainerByUUID": "ByUUID", "GetContainerByLeader": "ByLeader", "GetContainerByID": "ByID", "GetXML": "XML", "GetPlan": "Plan", "GetStats": "Stats", "GetAllStats": "AllStats", "DescribeContainers": "Describe",
		"ReadConsole": "Console", "StageFDs": "StartWith", "GetResources": "Resources",
		"GetInterfaces": "Interfaces", "GetInterfaceAddresses": "InterfaceAddresses",
		"GetNodeInfo": "NodeInfo", "GetCapabilities": "Capabilities", "GetNodeMemoryStats": "NodeMemory", "GetNodeCPUStats": "NodeCPU",
		"ListNetworks": "Networks", "GetNetwork": "Network", "GetNetworkXML": "NetworkXML", "GetNetworkLeases": "NetworkLeases",
		"DefineNetworkXML": "DefineNetwork",
	}
	for _, iface := range clienttest.Load(t).Interfaces {
		for _, m := range iface.Methods {
			name, ok := called[m.Name]
			if !ok {
				name = m.Name
			}
			if _, ok := reflect.TypeFor[*client.Client]().MethodByName(name); !ok {
				t.Errorf("%s.%s: the client has no %s, and called has no other name for it", iface.Name, m.Name, name)
			}
		}
	}
}
