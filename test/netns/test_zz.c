#include <stdio.h>
#include "test/netns/control.h"
TEST(zz)
{
	struct station *a = testbed_guest(tb, "a"), *b = testbed_guest(tb, "b"),
		       *c = testbed_guest(tb, "c");
	struct frame f;
	testbed_apply(tb, "switches: {s: {type: private}}\nports: {a: {switch: s, interface: a}, "
			  "b: {switch: s, interface: b}, c: {switch: s, interface: c}}\n");
	f = frame_new(a->mac, MAC_BROADCAST);
	station_send(a, &f);
	stations_listen(200);
	printf("b %d c %d a %d\n", station_count(b, f.marker), station_count(c, f.marker),
		station_count(a, f.marker));
	printf("%s\n",
		run(NULL, "bpftool map dump pinned %s/flood_lists | head -c 3000", tb->pins));
	printf("%s\n",
		run(NULL, "bpftool map dump pinned %s/flood_members | head -c 1000", tb->pins));
	printf("%s\n", run(NULL, "bpftool map dump pinned %s/control | head -c 1000", tb->pins));
	fflush(stdout);
}
