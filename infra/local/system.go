package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"devicetrace/infra/local/mqtt"
	"devicetrace/infra/local/running"
	"devicetrace/pkg/broker"
)

// brokerInstance is the instance under which the local broker's events are recorded.
const brokerInstance = "local"

// system is the local cloud together with its entry points: the HTTP server, the control server and
// the MQTT broker.
type system struct {
	settings settings
	cloud    *cloud
	listener net.Listener
	server   *http.Server
	control  *control
	broker   *mqtt.Broker
}

// headerTimeout is how long a client may take to send the headers of a request. After that
// the server closes the connection.
const headerTimeout = 10 * time.Second

// start waits until the functions are ready and then opens the entry points.
func (s *system) start(ctx context.Context) (err error) {
	if err := s.cloud.warm(ctx); err != nil {
		return err
	}
	if s.control, err = openControl(s.settings, s.cloud); err != nil {
		return err
	}
	if err := s.cloud.host.StartTimers(); err != nil {
		return err
	}
	s.broker, err = mqtt.Start(mqtt.Config{
		Address:    net.JoinHostPort(s.settings.mqttHost, s.settings.mqttPort),
		Instance:   brokerInstance,
		WebhookURL: "http://" + reachable(s.settings.host, portOf(s.listener.Addr().String())) + "/webhooks/" + broker.Events + "/" + brokerInstance,
		Token:      s.settings.webhookToken,
		User:       s.settings.user, Password: s.settings.password,
		Log: slog.Default(),
	})
	if err != nil {
		return portError(err, s.settings.mqttHost, s.settings.mqttPort, "MQTT_PORT")
	}
	s.serve()
	return nil
}

// serve serves HTTP. It must be called after the broker has started, because other programs ask it for
// the broker's address. Until then, connections to the HTTP port wait.
func (s *system) serve() {
	mine := running.Settings{DataDir: s.settings.dataDir, MQTT: reachable(s.settings.mqttHost, portOf(s.broker.Addr()))}
	if path, err := filepath.Abs(mine.DataDir); err == nil {
		mine.DataDir = path
	}
	s.server = &http.Server{Handler: running.Handler(mine, s.cloud.host), ReadHeaderTimeout: headerTimeout}
	go s.server.Serve(s.listener)
}

// close stops the parts of the system in the reverse order of start. The broker delivers
// its last events before the server, the functions and the store stop.
func (s *system) close(ctx context.Context) error {
	var errs []error
	if s.broker != nil {
		errs = append(errs, s.broker.Stop(ctx))
	}
	if s.control != nil {
		s.control.close()
	}
	if s.server != nil {
		errs = append(errs, s.server.Shutdown(ctx), s.server.Close())
	} else {
		errs = append(errs, s.listener.Close())
	}
	return errors.Join(append(errs, s.cloud.close(ctx))...)
}
