// SPDX-License-Identifier: Apache-2.0
package dev.wayside.api.driver;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * One attempt of one container.
 *
 * @param command replaces the image's entry point, unless empty
 * @param args replaces the image's arguments, unless empty
 * @param env in order; the values may be secret and are never logged
 * @param workingDir {@code ""} for the image's
 * @param milliCpuLimit 0 for none
 * @param memoryLimitBytes 0 for none
 * @param milliCpuRequest the weight among others, 0 for the least
 * @param user {@code ""} for the image's, else {@code UID} or {@code UID:GID}
 * @param privileged as in the security context
 * @param readOnlyRoot as in the security context
 * @param tty whether the container has a terminal
 * @param stdin whether standard input stays open
 * @param specHash of the container's spec; kept as a label
 */
public record ContainerRequest(
        String podUid,
        String namespace,
        String podName,
        String name,
        int attempt,
        String image,
        List<String> command,
        List<String> args,
        Map<String, String> env,
        String workingDir,
        List<Mount> mounts,
        long milliCpuLimit,
        long memoryLimitBytes,
        long milliCpuRequest,
        String user,
        boolean privileged,
        boolean readOnlyRoot,
        boolean tty,
        boolean stdin,
        String specHash) {

    /**
     * @param source on the host, absolute, existing
     * @param target in the container, absolute
     */
    public record Mount(Path source, String target, boolean readOnly) {}

    public ContainerRequest {
        command = List.copyOf(command);
        args = List.copyOf(args);
        env = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(env));
        mounts = List.copyOf(mounts);
    }

    @Override
    public String toString() {
        // Never env, command or args: they carry secrets.
        return namespace + "/" + podName + " " + name + "#" + attempt;
    }
}
