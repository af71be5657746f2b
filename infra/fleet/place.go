package fleet

import "time"

// instance is a broker of the fleet.
type instance struct {
	id     string
	source *source
	nodes  []string
	groups []string
	share  int // of the fleet's devices, in percent
	// restart is when each node of it is restarted, the first one then, the others one
	// after the other.
	restart time.Duration
}

var (
	emqxNorth    = &instance{id: "emqx-north", source: &emqx, nodes: []string{"emqx@10.0.1.4", "emqx@10.0.1.5", "emqx@10.0.1.6"}, groups: []string{"GID_meter", "GID_gateway"}, share: 40, restart: 9*time.Hour + 30*time.Minute}
	emqxSouth    = &instance{id: "emqx-south", source: &emqx, nodes: []string{"emqx@10.0.2.4", "emqx@10.0.2.5"}, groups: []string{"GID_tracker"}, share: 20, restart: 14 * time.Hour}
	apsaraMQMain = &instance{id: "mqtt-cn-0a1b2c3d4e5", source: &apsaraMQ, nodes: []string{""}, groups: []string{"GID_camera", "GID_lock"}, share: 15}
	awsMain      = &instance{id: "aws-eu-central-1", source: &awsIoT, nodes: []string{""}, groups: []string{""}, share: 10}
	hookMain     = &instance{id: "edge", source: &hook, nodes: []string{"edge-1", "edge-2", "edge-3"}, groups: []string{"GID_robot", ""}, share: 8, restart: 3 * time.Hour}
	mosquittoOne = &instance{id: "plant-7", source: &mosquitto, nodes: []string{""}, groups: []string{""}, share: 4, restart: 18*time.Hour + 5*time.Minute}
	vernemqMain  = &instance{id: "verne", source: &vernemq, nodes: []string{""}, groups: []string{""}, share: 2}
	emqx4Old     = &instance{id: "emqx-old", source: &emqx4, nodes: []string{"emqx@10.0.9.4", "emqx@10.0.9.5"}, groups: []string{"GID_meter"}, share: 1}
	azureMain    = &instance{id: "azure-west", source: &azure, nodes: []string{"contoso-west"}, groups: []string{""}}
)

var instances = []*instance{
	emqxNorth, emqxSouth, apsaraMQMain, awsMain, hookMain, mosquittoOne, vernemqMain, emqx4Old, azureMain,
}

// tellers are the brokers whose events show a cause.
var tellers = map[Cause][]*instance{
	Healthy:          instances,
	CleanWorker:      {emqxNorth, apsaraMQMain, awsMain, hookMain, mosquittoOne, emqx4Old, azureMain},
	NATTimeout:       instances,
	LongKeepAlive:    {emqxNorth, emqx4Old, hookMain, mosquittoOne},
	ClonedCredential: {emqxNorth, emqx4Old, hookMain, awsMain, mosquittoOne},
	TokenExpiry:      {emqxNorth, emqx4Old, hookMain, awsMain, azureMain},
	BrokerRestart:    {emqxNorth, emqx4Old, hookMain, awsMain, azureMain},
	CrashLoop:        {emqxNorth, emqx4Old, apsaraMQMain, hookMain, awsMain, mosquittoOne, azureMain},
	FlakyRadio:       {emqxNorth, emqx4Old, hookMain, awsMain, mosquittoOne},
	WrongPassword:    {emqxNorth, emqx4Old, hookMain, awsMain, mosquittoOne},
	RotatedPassword:  {emqxNorth, emqx4Old, hookMain, awsMain, mosquittoOne},
	TopicDenied:      {hookMain, azureMain},
	NeverCameBack:    {emqxNorth, emqx4Old, apsaraMQMain, awsMain, hookMain, mosquittoOne, azureMain},
}
