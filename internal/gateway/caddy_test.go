package gateway

import (
	"encoding/json"
	"testing"
	"time"
)

// Times cannot be waited for in a test; that they are set can be seen. Caddy's own
// tests show that they work.
func TestEveryWaitOfCaddyHasALimit(t *testing.T) {
	g := &Gateway{config: Config{Listen: ":0", DrainLimit: time.Minute}}
	config, err := g.caddyConfig()
	if err != nil {
		t.Fatal(err)
	}
	var apps struct {
		Admin struct {
			Disabled bool
			Config   struct{ Persist *bool }
		}
		Apps struct {
			HTTP struct {
				GracePeriod int64 `json:"grace_period"`
				Servers     map[string]struct {
					ReadHeader int64 `json:"read_header_timeout"`
					ReadIdle   int64 `json:"read_idle_timeout"`
					ReadRate   int64 `json:"read_min_rate"`
					WriteIdle  int64 `json:"write_idle_timeout"`
					Idle       int64 `json:"idle_timeout"`
					MaxHeader  int64 `json:"max_header_bytes"`
					Routes     []struct {
						Handle []struct {
							Handler   string
							Transport struct {
								Dial   int64 `json:"dial_timeout"`
								Header int64 `json:"response_header_timeout"`
								Keep   struct {
									Idle int64 `json:"idle_timeout"`
								} `json:"keep_alive"`
							}
						}
					}
				}
			}
		}
	}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &apps); err != nil {
		t.Fatal(err)
	}
	server := apps.Apps.HTTP.Servers["gateway"]
	handle := server.Routes[0].Handle
	if len(handle) != 2 || handle[0].Handler != "atrium" || handle[1].Handler != "reverse_proxy" {
		t.Fatalf("the chain is %+v, want our handler and Caddy's proxy", handle)
	}
	proxy := handle[1].Transport
	for name, pair := range map[string][2]int64{
		"grace period":     {apps.Apps.HTTP.GracePeriod, int64(time.Minute)},
		"header":           {server.ReadHeader, int64(10 * time.Second)},
		"body stalls":      {server.ReadIdle, int64(30 * time.Second)},
		"body bytes/s":     {server.ReadRate, 1024},
		"answer stalls":    {server.WriteIdle, int64(30 * time.Second)},
		"between requests": {server.Idle, int64(2 * time.Minute)},
		"header bytes":     {server.MaxHeader, 32768},
		"dial":             {proxy.Dial, int64(3 * time.Second)},
		"app's first byte": {proxy.Header, int64(2 * time.Minute)},
		"idle to the app":  {proxy.Keep.Idle, int64(3 * time.Second)},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %d, want %d", name, pair[0], pair[1])
		}
	}
	if !apps.Admin.Disabled || apps.Admin.Config.Persist == nil || *apps.Admin.Config.Persist {
		t.Error("Caddy's admin endpoint or its file of the last configuration is on")
	}
}
