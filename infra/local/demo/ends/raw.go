package ends

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// Raw is an MQTT connection without a library, so it can break the protocol.
type Raw struct{ net.Conn }

// patience is how long a raw connection may last if ctx has no deadline.
const patience = 30 * time.Second

// Dial connects with clean start and returns once the broker has accepted the connection.
// The connection takes its deadline from ctx.
func Dial(ctx context.Context, t Target, clientID string, keepAlive time.Duration) (*Raw, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", t.Address)
	if err != nil {
		return nil, err
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(patience)
	}
	_ = conn.SetDeadline(deadline)
	c := &Raw{conn}
	if err := c.handshake(t, clientID, keepAlive); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

// handshake sends CONNECT and reads CONNACK.
func (c *Raw) handshake(t Target, clientID string, keepAlive time.Duration) error {
	if _, err := c.Write(Connect(t, clientID, keepAlive)); err != nil {
		return err
	}
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil {
		return fmt.Errorf("read CONNACK: %w", err)
	}
	body := make([]byte, head[1]) // a CONNACK from our brokers is shorter than 128 bytes, so its length fits in one byte
	if _, err := io.ReadFull(c, body); err != nil {
		return fmt.Errorf("read CONNACK: %w", err)
	}
	if head[0] != 0x20 || len(body) < 2 {
		return fmt.Errorf("the broker responds to CONNECT with packet %#x", head[0])
	}
	if body[1] != 0 {
		return fmt.Errorf("%w: code %#x", errRefused, body[1])
	}
	return nil
}

// AwaitEnd reads until the broker closes the connection, and then closes the client's
// side.
func (c *Raw) AwaitEnd() error {
	defer c.Close()
	_, err := io.Copy(io.Discard, c)
	if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
		return fmt.Errorf("the broker did not close the connection: %w", err)
	}
	return nil // a reset also ends the connection
}

// Connect returns a CONNECT packet with user name, password and clean start.
func Connect(t Target, clientID string, keepAlive time.Duration) []byte {
	const userPasswordClean = 0xC2
	version := t.Version
	if version == 0 {
		version = 4
	}
	body := text(nil, "MQTT")
	body = append(body, version, userPasswordClean)
	body = binary.BigEndian.AppendUint16(body, uint16(keepAlive/time.Second))
	if version == 5 {
		body = append(body, 0) // no properties
	}
	body = text(text(text(body, clientID), t.User), t.Password)
	return Packet(0x10, body)
}

// Publish returns a PUBLISH packet. If the QoS is above 0, the packet identifier is 1.
func Publish(version byte, topic string, qos byte) []byte {
	body := text(nil, topic)
	if qos > 0 {
		body = append(body, 0, 1)
	}
	if version == 5 {
		body = append(body, 0)
	}
	return Packet(0x30|qos<<1, append(body, 'x'))
}

// Subscribe returns a SUBSCRIBE packet for one topic filter.
func Subscribe(version byte, filter string) []byte {
	body := []byte{0, 1}
	if version == 5 {
		body = append(body, 0)
	}
	return Packet(0x82, append(text(body, filter), 0))
}

// Packet returns a packet that consists of the given first byte, the length of the body,
// and the body.
func Packet(head byte, body []byte) []byte {
	return append(binary.AppendUvarint([]byte{head}, uint64(len(body))), body...)
}

// text appends s as an MQTT string, which begins with its length in two bytes.
func text(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}
