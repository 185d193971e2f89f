// SPDX-License-Identifier: Apache-2.0
package dev.wayside.driver.process;

import dev.wayside.api.driver.ContainerRequest;
import dev.wayside.api.driver.DriverException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What to run, checked: whatever a host process cannot have is refused before anything is made.
 *
 * @param user {@code UID:GID}, or {@code -} for our own
 * @param command the program and its arguments
 * @param environment all of it; the values may be secret
 */
record Launch(String user, Path workingDir, List<String> command, Map<String, String> environment) {

    /** As in Kubernetes' HostProcess containers. */
    static final String MOUNT_POINT = "CONTAINER_SANDBOX_MOUNT_POINT";

    // A shell passes on no other names.
    private static final Pattern ENV_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final Pattern IMAGE =
            Pattern.compile("wayside\\.dev/host(:[\\w][\\w.-]{0,127})?");
    private static final String CREATE = "CreateContainerError";
    private static final String RUN = "RunContainerError";

    Launch {
        command = List.copyOf(command);
    }

    static void checkImage(String image) throws DriverException {
        if (!IMAGE.matcher(image).matches()) {
            throw Failures.refused(
                    "ErrImageNotSupported",
                    "this gateway has no container engine and runs host processes only: the image"
                            + " must be wayside.dev/host, with any tag, not \""
                            + image
                            + "\"");
        }
    }

    static Launch of(ContainerRequest request, Path mountPoint, Accounts accounts)
            throws DriverException {
        checkImage(request.image());
        if (request.tty() || request.stdin()) {
            throw Failures.refused(CREATE, "host processes have no terminal and no standard input");
        }
        if (request.readOnlyRoot()) {
            throw Failures.refused(
                    CREATE,
                    "readOnlyRootFilesystem: a host process sees the host's file system as it is");
        }
        List<String> command = new ArrayList<>(request.command());
        command.addAll(request.args());
        if (request.command().isEmpty()) {
            throw Failures.refused(
                    CREATE, "a host process needs a command: there is no image to bring one");
        }
        Map<String, String> environment = environment(request, mountPoint);
        Path workingDir = workingDir(request.workingDir(), mountPoint);
        checkProgram(command.get(0), workingDir, environment.getOrDefault("PATH", ""));
        for (String argument : command) {
            if (argument.indexOf('\0') >= 0) {
                throw Failures.refused(CREATE, "an argument contains a NUL character");
            }
        }
        return new Launch(accounts.resolve(request.user()), workingDir, command, environment);
    }

    /**
     * A command beside the program of a container.
     *
     * @param environment the program's; what of it is damaged is left out
     */
    static Launch beside(
            ContainerFolder container,
            List<String> command,
            Map<String, String> environment,
            Accounts accounts)
            throws DriverException, IOException {
        Path mountPoint = container.mountPoint();
        Map<String, String> all = basis(mountPoint);
        environment.forEach(
                (name, value) -> {
                    if (ENV_NAME.matcher(name).matches() && !name.startsWith("WAYSIDE_ENV")) {
                        all.put(name, value);
                    }
                });
        for (String argument : command) {
            if (argument.indexOf('\0') >= 0) {
                throw Failures.refused(CREATE, "an argument contains a NUL character");
            }
        }
        return new Launch(
                accounts.resolve(container.user()),
                workingDir(container.workingDir(), mountPoint),
                command,
                all);
    }

    private static Map<String, String> basis(Path mountPoint) {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put(
                "PATH",
                Optional.ofNullable(System.getenv("PATH"))
                        .orElse("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
        environment.put("HOME", "/");
        environment.put(MOUNT_POINT, mountPoint.toString());
        return environment;
    }

    private static Map<String, String> environment(ContainerRequest request, Path mountPoint)
            throws DriverException {
        Map<String, String> environment = basis(mountPoint);
        for (Map.Entry<String, String> entry : request.env().entrySet()) {
            String name = entry.getKey();
            if (!ENV_NAME.matcher(name).matches() || name.startsWith("WAYSIDE_ENV")) {
                throw Failures.refused(
                        CREATE,
                        "the environment variable \""
                                + name
                                + "\" cannot be given to a host process: letters, digits and"
                                + " underscores only, and not WAYSIDE_ENV…");
            }
            if (entry.getValue().indexOf('\0') >= 0) {
                throw Failures.refused(
                        CREATE, "the environment variable " + name + " contains a NUL character");
            }
            environment.put(name, entry.getValue());
        }
        return environment;
    }

    private static Path workingDir(String asked, Path mountPoint) throws DriverException {
        Path folder;
        try {
            folder = asked.isEmpty() ? mountPoint : mountPoint.resolve(asked).normalize();
        } catch (InvalidPathException e) {
            throw Failures.refused(CREATE, "workingDir \"" + asked + "\" is no path");
        }
        if (!asked.startsWith("/") && !folder.startsWith(mountPoint)) {
            throw Failures.refused(
                    CREATE, "workingDir \"" + asked + "\" leads out of the container's folder");
        }
        // What is relative may be a mount, which is made later; the waiter then tells.
        if (asked.startsWith("/") && !Files.isDirectory(folder)) {
            throw Failures.refused(
                    CREATE, "workingDir " + asked + " is not a folder on this device");
        }
        return folder;
    }

    private static void checkProgram(String program, Path workingDir, String path)
            throws DriverException {
        try {
            if (program.startsWith("/")) {
                check(program, Path.of(program));
                return;
            }
            if (program.contains("/")) {
                return; // may be inside of a mount, which is made later
            }
            for (String folder : path.split(":")) {
                if (Files.isExecutable(workingDir.resolve(folder).resolve(program))) {
                    return;
                }
            }
        } catch (InvalidPathException e) {
            throw Failures.refused(RUN, "\"" + program + "\" is no path");
        }
        throw Failures.refused(RUN, "no program \"" + program + "\" on the container's PATH");
    }

    private static void check(String program, Path file) throws DriverException {
        if (!Files.exists(file)) {
            throw Failures.refused(RUN, "no program " + program + " on this device");
        }
        if (Files.isDirectory(file) || !Files.isExecutable(file)) {
            throw Failures.refused(RUN, program + " is not executable");
        }
    }

    @Override
    public String toString() {
        return "launch"; // everything in it may be secret
    }
}
