package contract

import (
	"encoding/xml"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPolicy: the bus policy lets root own the name and hear its signals, and nobody else. Everybody may call it, send it
// nothing else, and hear the signals that have one receiver. systemd-networkd may tell the connection that calls others of
// its leases.
func TestPolicy(t *testing.T) {
	t.Parallel()
	type rule struct {
		Own         string `xml:"own,attr"`
		Destination string `xml:"send_destination,attr"`
		Sender      string `xml:"receive_sender,attr"`
		Type        string `xml:"receive_type,attr"`
		Sends       string `xml:"send_type,attr"`
		Hears       string `xml:"receive_interface,attr"`
		Interface   string `xml:"send_interface,attr"`
	}
	type policy struct {
		User    string `xml:"user,attr"`
		Context string `xml:"context,attr"`
		Allow   []rule `xml:"allow"`
		Deny    []rule `xml:"deny"`
	}
	var config struct {
		XMLName  xml.Name `xml:"busconfig"`
		Policies []policy `xml:"policy"`
	}
	text, err := os.ReadFile("org.berth1.conf")
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	const name, caller = BusName, CallerName
	want := []policy{
		{User: "root", Allow: []rule{{Own: name}, {Destination: name}, {Sender: name}, {Own: caller}, {Destination: caller}}},
		{User: "systemd-network", Allow: []rule{{Destination: caller, Sends: "signal", Interface: "org.freedesktop.DBus.Properties"}}},
		{Context: "default", Allow: []rule{{Destination: name, Sends: "method_call"}, {Sender: name, Type: "signal", Hears: WatchInterface}}, Deny: []rule{{Destination: name}, {Destination: caller}, {Sender: name, Type: "signal"}}},
	}
	if diff := cmp.Diff(want, config.Policies); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
}
