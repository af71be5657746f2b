package sim

import (
	"time"

	"devicetrace/pkg/event"
)

// instance is a broker of the fleet.
type instance struct {
	id      event.InstanceID
	dialect *dialect
	nodes   []string
	groups  []string
	share   int // percentage of the fleet's devices that use this broker
	// restart is the time of day at which the first node restarts. The other nodes follow one by
	// one. Zero means that no node restarts.
	restart time.Duration
}

var (
	emqxNorth = &instance{
		id: "emqx-north", dialect: &emqx, share: 40, restart: 9*time.Hour + 30*time.Minute,
		nodes: []string{"emqx@10.0.1.4", "emqx@10.0.1.5", "emqx@10.0.1.6"}, groups: []string{"GID_meter", "GID_gateway"},
	}
	emqxSouth = &instance{
		id: "emqx-south", dialect: &emqx, share: 20, restart: 14 * time.Hour,
		nodes: []string{"emqx@10.0.2.4", "emqx@10.0.2.5"}, groups: []string{"GID_tracker"},
	}
	apsaraMQMain = &instance{
		id: "mqtt-cn-0a1b2c3d4e5", dialect: &apsaraMQ, share: 15,
		nodes: nameless, groups: []string{"GID_camera", "GID_lock"},
	}
	awsMain   = &instance{id: "aws-eu-central-1", dialect: &awsIoT, share: 10, nodes: nameless, groups: nameless}
	mochiMain = &instance{
		id: "edge", dialect: &mochi, share: 8, restart: 3 * time.Hour,
		nodes: []string{"edge-1", "edge-2", "edge-3"}, groups: []string{"GID_robot", ""},
	}
	mosquittoMain = &instance{
		id: "plant-7", dialect: &mosquitto, share: 4, restart: 18*time.Hour + 5*time.Minute,
		nodes: nameless, groups: nameless,
	}
	verneMQMain = &instance{id: "verne", dialect: &verneMQ, share: 2, nodes: nameless, groups: nameless}
	emqx4Main   = &instance{
		id: "emqx-old", dialect: &emqx4, share: 1,
		nodes: []string{"emqx@10.0.9.4", "emqx@10.0.9.5"}, groups: []string{"GID_meter"},
	}
	azureMain  = &instance{id: "azure-west", dialect: &azure, nodes: []string{"contoso-west"}, groups: nameless}
	rmqttMain  = &instance{id: "rmqtt-east", dialect: &rmqtt, nodes: []string{"1", "2"}, groups: nameless}
	hiveMQMain = &instance{id: "hive", dialect: &hiveMQ, nodes: nameless, groups: nameless}
	aliyunMain = &instance{id: "iot-06z00exa0mpl3", dialect: &aliyunIoT, nodes: nameless, groups: []string{"a1Prod"}}
	iotHubMain = &instance{id: "hub-west", dialect: &iotHub, nodes: nameless, groups: nameless}
	huaweiMain = &instance{id: "iotda", dialect: &huawei, nodes: nameless, groups: nameless}
)

// nameless is a list with one empty name. It is the list of nodes of a broker that does not name
// its only node, and the list of groups of a broker that does not name its only group.
var nameless = []string{""}

// everyInstance lists all instances that report each event when it happens. withSnapshots also lists
// the instances whose times are uncertain by a minute, which hides most causes. Each of the other
// lists holds the instances that report a certain detail. For example, those in withKeepAlive report
// the keep alive of a client.
var (
	everyInstance = []*instance{emqxNorth, emqxSouth, apsaraMQMain, awsMain, mochiMain, mosquittoMain, verneMQMain, emqx4Main, azureMain, rmqttMain, hiveMQMain, aliyunMain}
	withGoodbyes  = []*instance{emqxNorth, emqxSouth, apsaraMQMain, awsMain, mochiMain, mosquittoMain, emqx4Main, azureMain, rmqttMain, hiveMQMain}
	withReasons   = []*instance{emqxNorth, emqxSouth, awsMain, mochiMain, mosquittoMain, emqx4Main, rmqttMain, hiveMQMain}
	withKeepAlive = []*instance{emqxNorth, emqxSouth, mochiMain, mosquittoMain, emqx4Main, rmqttMain}
	withExpiry    = []*instance{emqxNorth, emqxSouth, awsMain, mochiMain, emqx4Main, azureMain, rmqttMain, hiveMQMain}
	withRestarts  = []*instance{emqxNorth, emqxSouth, awsMain, mochiMain, emqx4Main, azureMain, rmqttMain}
	withDenials   = []*instance{mochiMain, azureMain, rmqttMain, hiveMQMain}
	withSnapshots = append(everyInstance[:len(everyInstance):len(everyInstance)], iotHubMain, huaweiMain)

	withTimeLimit  = []*instance{awsMain, mochiMain}
	withStops      = []*instance{mosquittoMain, mochiMain}
	withNewReasons = []*instance{emqxNorth, emqxSouth, awsMain, emqx4Main}
)
