package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"devicetrace/infra/local/mqtt"
)

// brokerInstance is the instance id of the local broker's events.
const brokerInstance = "local"

// run runs everything until the first signal, then stops it in order; a second one
// forces that. It tells the user so on out.
func run(s settings, signals <-chan os.Signal, out io.Writer) (err error) {
	release, err := lockData(s)
	if err != nil {
		return err
	}
	defer release()
	listener, err := listen(s.port, "PORT")
	if err != nil {
		return err
	}
	cloud, err := openCloud(s)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	system := &system{settings: s, cloud: cloud, listener: listener}
	stop, cancel := context.WithCancel(context.Background())
	defer cancel()
	if err := system.start(); err != nil {
		return errors.Join(err, system.close(stop))
	}
	fmt.Fprint(out, welcome(s, listener.Addr(), system.broker.Addr()))
	<-signals
	fmt.Fprintln(out, "\nStopping: delivering what the broker still has. Ctrl-C again forces it.")
	go func() {
		<-signals
		cancel()
	}()
	return system.close(stop)
}

// listen takes a loopback port, or says which variable chooses another.
func listen(port, variable string) (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return nil, portError(err, port, variable)
	}
	return listener, nil
}

func portError(err error, port, variable string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %s is taken: set %s to another", port, variable)
	}
	return fmt.Errorf("listen on port %s (%s): %w", port, variable, err)
}

// system is the cloud with its ways in: the router, the broker, and the control.
type system struct {
	settings settings
	cloud    *cloud
	listener net.Listener
	router   *http.Server
	control  *control
	broker   *mqtt.Broker
}

// headerTimeout ends connections that never become a request.
const headerTimeout = 10 * time.Second

// start opens the ways in when the functions are ready, the broker last: its events
// need all the others.
func (s *system) start() (err error) {
	if err := s.cloud.host.Warm(context.Background()); err != nil {
		return err
	}
	s.router = &http.Server{Handler: s.cloud.host, ReadHeaderTimeout: headerTimeout}
	go s.router.Serve(s.listener)
	if s.control, err = openControl(s.settings, s.cloud); err != nil {
		return err
	}
	if err := s.cloud.host.StartTimers(); err != nil {
		return err
	}
	s.broker, err = mqtt.Start(mqtt.Config{
		Address:    "127.0.0.1:" + s.settings.mqttPort,
		Instance:   brokerInstance,
		WebhookURL: "http://" + s.listener.Addr().String() + "/webhooks/events/" + brokerInstance,
		Token:      s.settings.webhookToken,
		User:       s.settings.user, Password: s.settings.password,
		Log: slog.Default(),
	})
	if err != nil {
		return portError(err, s.settings.mqttPort, "MQTT_PORT")
	}
	return nil
}

// close stops what start started, in the opposite order: the broker, whose last
// events are delivered; the router; the functions; the store.
func (s *system) close(ctx context.Context) error {
	var faults []error
	if s.broker != nil {
		faults = append(faults, s.broker.Stop(ctx))
	}
	if s.control != nil {
		s.control.close()
	}
	if s.router != nil {
		faults = append(faults, s.router.Shutdown(ctx), s.router.Close())
	} else {
		faults = append(faults, s.listener.Close())
	}
	return errors.Join(append(faults, s.cloud.close(ctx))...)
}
