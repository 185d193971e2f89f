// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.time.Clock;
import java.util.List;

/**
 * {@code gateway join}. Ends with 0 once this device is a gateway, 64 for wrong arguments, 69 if
 * the connector can't be reached or the disk fails (to be tried again), 77 if it was refused.
 */
public final class JoinCommand {
    private static final int USAGE = 64;
    private static final int UNAVAILABLE = 69;
    private static final int REFUSED = 77;

    private JoinCommand() {}

    public static void main(String[] arguments) {
        System.exit(run(List.of(arguments), System.in, System.out, System.err));
    }

    static int run(List<String> arguments, InputStream in, PrintStream out, PrintStream err) {
        try {
            JoinOptions options = JoinOptions.parse(arguments, in);
            AtomicFiles files = new AtomicFiles();
            files.makeFolder(options.data());
            IdentityFolder folder = new IdentityFolder(options.data().resolve("identity"), files);
            Leaving leaving = new Leaving(options.data(), folder, List.of(), files);
            if (leaving.requested() && !folder.joined()) {
                // A leave that was cut short at its very end: it must not end what begins now.
                leaving.erase();
            }
            TimeFloor time = new TimeFloor(options.data().resolve("time-floor"), Clock.systemUTC());
            String uid = new Joining(folder, time::now).join(options);
            out.println(
                    "gateway: joined as "
                            + options.name()
                            + " ("
                            + uid
                            + "); start it with 'gateway run'");
            return 0;
        } catch (IllegalArgumentException e) {
            err.println("gateway: " + e.getMessage());
            err.print(JoinOptions.USAGE);
            return USAGE;
        } catch (RefusedException e) {
            err.println("gateway: " + e.getMessage());
            return REFUSED;
        } catch (IOException e) {
            err.println("gateway: " + e.getMessage() + "; nothing is lost, try again");
            for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
                err.println("  because: " + cause);
            }
            return UNAVAILABLE;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return UNAVAILABLE;
        }
    }
}
