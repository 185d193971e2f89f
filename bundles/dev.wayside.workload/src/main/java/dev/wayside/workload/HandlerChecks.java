// SPDX-License-Identifier: Apache-2.0
package dev.wayside.workload;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Gives each handler to what can run it. */
final class HandlerChecks implements Checks {
    private final ExecChecks commands;
    private final NetworkChecks network;
    private final Prober.Timer timer;
    private final ExecutorService lookUps;

    /**
     * @param lookUps where names are looked up, which blocks
     */
    HandlerChecks(
            ExecChecks commands,
            NetworkChecks network,
            Prober.Timer timer,
            ExecutorService lookUps) {
        this.commands = commands;
        this.network = network;
        this.timer = timer;
        this.lookUps = lookUps;
    }

    @Override
    public void run(Where where, Handler handler, Duration timeout, Consumer<Outcome> then) {
        AtomicBoolean told = new AtomicBoolean();
        Consumer<Outcome> once =
                outcome -> {
                    if (told.compareAndSet(false, true)) {
                        then.accept(outcome);
                    }
                };
        try {
            start(where, handler, timeout, once);
        } catch (RuntimeException e) {
            // A port that is none, for instance.
            once.accept(Outcome.unknown(String.valueOf(e.getMessage())));
        }
    }

    private void start(Where where, Handler handler, Duration timeout, Consumer<Outcome> once) {
        if (handler instanceof Handler.Exec exec) {
            commands.run(where, exec.command(), timeout, once);
        } else if (handler instanceof Handler.Http http) {
            onAddress(http.host(), once, it -> network.http(it, http, timeout, once));
        } else if (handler instanceof Handler.Tcp tcp) {
            onAddress(tcp.host(), once, it -> network.tcp(it, tcp.port(), timeout, once));
        } else if (handler instanceof Handler.Grpc grpc) {
            onAddress(grpc.host(), once, it -> network.grpc(it, grpc, timeout, once));
        } else if (handler instanceof Handler.Sleep sleep) {
            timer.after(sleep.time(), () -> once.accept(Outcome.success()));
        } else if (handler instanceof Handler.Broken broken) {
            once.accept(Outcome.unknown(broken.why()));
        }
    }

    private void onAddress(String host, Consumer<Outcome> told, Consumer<InetAddress> then) {
        byte[] digits = NetUtil.createByteArrayFromIpAddressString(host);
        if (digits != null) {
            then.accept(address(host, digits));
            return;
        }
        try {
            lookUps.execute(
                    () -> {
                        try {
                            then.accept(InetAddress.getByName(host));
                        } catch (UnknownHostException e) {
                            told.accept(Outcome.failure("lookup " + host + ": no such host"));
                        } catch (RuntimeException e) {
                            told.accept(Outcome.unknown(String.valueOf(e.getMessage())));
                        }
                    });
        } catch (RejectedExecutionException e) {
            told.accept(Outcome.unknown("the gateway has too much to do"));
        }
    }

    private static InetAddress address(String host, byte[] digits) {
        try {
            return InetAddress.getByAddress(host, digits);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(host, e); // only for a wrong number of bytes
        }
    }
}
