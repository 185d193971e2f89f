// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.DriverException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The device's users. */
final class Accounts {
    private static final Pattern USER = Pattern.compile("(\\d{1,10})(?::(\\d{1,10}))?");

    private final Path passwd;

    /**
     * @param passwd {@code /etc/passwd}, or a test's
     */
    Accounts(Path passwd) {
        this.passwd = passwd;
    }

    /**
     * @param user as in the container's request
     * @return {@code UID:GID}; {@code -} if the process may stay what we are
     */
    String resolve(String user) throws DriverException {
        if (user.isEmpty()) {
            return "-";
        }
        Matcher parts = USER.matcher(user);
        if (!parts.matches()) {
            throw Failures.refused(
                    "CreateContainerError",
                    "user \"" + user + "\": a host process takes UID or UID:GID, in digits");
        }
        String group = parts.group(2) == null ? groupOf(parts.group(1)) : parts.group(2);
        if (!onPath("setpriv")) {
            throw Failures.refused(
                    "CreateContainerError",
                    "runAsUser needs the program setpriv (util-linux) on this device");
        }
        if (ownUid() != 0) {
            throw Failures.refused(
                    "CreateContainerError", "runAsUser needs a gateway that runs as root");
        }
        return parts.group(1) + ":" + group;
    }

    private String groupOf(String uid) {
        try {
            for (String line : Files.readAllLines(passwd, StandardCharsets.ISO_8859_1)) {
                String[] fields = line.split(":");
                if (fields.length > 3 && fields[2].equals(uid)) {
                    return fields[3];
                }
            }
        } catch (IOException noUsers) {
            return uid;
        }
        return uid;
    }

    private static int ownUid() throws DriverException {
        try {
            return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        } catch (IOException e) {
            throw Failures.disk("read /proc/self", e);
        }
    }

    static boolean onPath(String program) {
        String path = System.getenv("PATH");
        for (String folder : (path == null ? "/usr/bin:/bin" : path).split(":")) {
            if (Files.isExecutable(Path.of(folder, program))) {
                return true;
            }
        }
        return false;
    }
}
