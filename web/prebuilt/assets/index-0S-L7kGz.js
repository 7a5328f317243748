import{al as p,am as e,a as o,an as t}from"./base-GLHD0Y8e.js";p();const a=document.getElementById("app");a&&e(o(t,{}),a);
