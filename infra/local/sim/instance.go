package sim

import (
	"time"

	"devicetrace/pkg/event"
)

// instance is a broker of the fleet.
type instance struct {
	id     event.InstanceID
	source *source
	nodes  []string
	groups []string
	share  int // of the fleet's devices, in percent
	// restart is when the first of its nodes is restarted, the others one after the
	// other; never if it is zero.
	restart time.Duration
}

var (
	emqxNorth = &instance{
		id: "emqx-north", source: &emqx, share: 40, restart: 9*time.Hour + 30*time.Minute,
		nodes: []string{"emqx@10.0.1.4", "emqx@10.0.1.5", "emqx@10.0.1.6"}, groups: []string{"GID_meter", "GID_gateway"},
	}
	emqxSouth = &instance{
		id: "emqx-south", source: &emqx, share: 20, restart: 14 * time.Hour,
		nodes: []string{"emqx@10.0.2.4", "emqx@10.0.2.5"}, groups: []string{"GID_tracker"},
	}
	apsaraMQMain = &instance{
		id: "mqtt-cn-0a1b2c3d4e5", source: &apsaraMQ, share: 15,
		nodes: nameless, groups: []string{"GID_camera", "GID_lock"},
	}
	awsMain  = &instance{id: "aws-eu-central-1", source: &awsIoT, share: 10, nodes: nameless, groups: nameless}
	hookMain = &instance{
		id: "edge", source: &hook, share: 8, restart: 3 * time.Hour,
		nodes: []string{"edge-1", "edge-2", "edge-3"}, groups: []string{"GID_robot", ""},
	}
	mosquittoMain = &instance{
		id: "plant-7", source: &mosquitto, share: 4, restart: 18*time.Hour + 5*time.Minute,
		nodes: nameless, groups: nameless,
	}
	vernemqMain = &instance{id: "verne", source: &vernemq, share: 2, nodes: nameless, groups: nameless}
	emqx4Main   = &instance{
		id: "emqx-old", source: &emqx4, share: 1,
		nodes: []string{"emqx@10.0.9.4", "emqx@10.0.9.5"}, groups: []string{"GID_meter"},
	}
	azureMain = &instance{id: "azure-west", source: &azure, nodes: []string{"contoso-west"}, groups: nameless}
)

// nameless is one node or group without a name.
var nameless = []string{""}

var instances = []*instance{
	emqxNorth, emqxSouth, apsaraMQMain, awsMain, hookMain, mosquittoMain, vernemqMain, emqx4Main, azureMain,
}

// tellers are the brokers whose events show a cause.
var tellers = map[Cause][]*instance{
	Healthy:          instances,
	CleanWorker:      {emqxNorth, emqxSouth, apsaraMQMain, awsMain, hookMain, mosquittoMain, emqx4Main, azureMain},
	NATTimeout:       instances,
	LongKeepAlive:    {emqxNorth, emqxSouth, hookMain, mosquittoMain, emqx4Main},
	ClonedCredential: {emqxNorth, emqxSouth, awsMain, hookMain, mosquittoMain, emqx4Main},
	TokenExpiry:      {emqxNorth, emqxSouth, awsMain, hookMain, emqx4Main, azureMain},
	BrokerRestart:    {emqxNorth, emqxSouth, awsMain, hookMain, emqx4Main, azureMain},
	CrashLoop:        {emqxNorth, emqxSouth, apsaraMQMain, awsMain, hookMain, mosquittoMain, emqx4Main, azureMain},
	FlakyRadio:       {emqxNorth, emqxSouth, awsMain, hookMain, mosquittoMain, emqx4Main},
	WrongPassword:    {emqxNorth, emqxSouth, awsMain, hookMain, mosquittoMain, emqx4Main},
	RotatedPassword:  {emqxNorth, emqxSouth, awsMain, hookMain, mosquittoMain, emqx4Main},
	TopicDenied:      {hookMain, azureMain},
	NeverCameBack:    {emqxNorth, emqxSouth, apsaraMQMain, awsMain, hookMain, mosquittoMain, emqx4Main, azureMain},
}
